-- What is left to do where the archive has been installed: editors/README.md's three lines.
vim.env.PATH = '/mnt/home/.local/bin:' .. vim.env.PATH -- what a login shell does
vim.opt.runtimepath:prepend('~/.local/lib/infill/neovim')
vim.lsp.enable('infill')
