;; A user's configuration, as editors/README.md gives it.
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(python-mode . ("/opt/infill" "lsp" "--stdio"))))
(add-hook 'python-mode-hook #'eglot-ensure)
(add-hook 'python-mode-hook #'completion-preview-mode)

;; Whole suggestions from the whole prompt, however busy the machine is and unsure the model.
(setenv "INFILL_DEADLINE" "60000")
(setenv "INFILL_PROMPT_BUDGET" "60000")
(setenv "INFILL_CONFIDENCE" "0")

;; What the tests ask: what the user can't see from the screen alone.
(require 'server)
(require 'json)
(setq server-socket-dir "/mnt/emacs")
(server-start)
(defun probe ()
  (with-current-buffer (find-buffer-visiting "/mnt/project/shapes.py")
    (json-encode
     `((text . ,(buffer-substring-no-properties (point-min) (point-max)))
       (ghost . ,(or (and (bound-and-true-p completion-preview--overlay)
                          (overlay-buffer completion-preview--overlay)
                          (substring-no-properties (or (overlay-get completion-preview--overlay 'after-string) "")))
                     ""))
       (isAttached . ,(if (and (fboundp 'eglot-managed-p) (eglot-managed-p)) t :json-false))
       (messages . ,(with-current-buffer "*Messages*" (buffer-string)))))))
