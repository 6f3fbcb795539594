;;; getput.el --- Judge kernel patches from Emacs  -*- lexical-binding: t -*-

;;; Commentary:

;; M-x getput-check asks what to judge: HEAD, --staged, a range, a patch file.
;; The answer is a compilation buffer: `next-error' goes from place to place.

;;; Code:

(require 'compile)

(defcustom getput-command "getput"
  "The command."
  :type 'string
  :group 'tools)

(defun getput-command-line (what)
  "The command line that judges WHAT, a string of words."
  (concat (shell-quote-argument getput-command) " check --quiet --no-color " what))

;;;###autoload
(defun getput-check (what)
  "Judge WHAT: a revision, a range, a patch file, or --staged."
  (interactive (list (read-string "Judge: " "HEAD")))
  (let ((default-directory (or (locate-dominating-file default-directory ".git") default-directory)))
    (compilation-start (getput-command-line what))))

(provide 'getput)
;;; getput.el ends here
