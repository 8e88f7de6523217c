-- A user's configuration with our plugin on the runtimepath: the one line is enable('infill'). And a log of every message.
vim.lsp.log.set_level(vim.log.levels.TRACE)
vim.o.swapfile = false
vim.opt.runtimepath:prepend('/mnt/infill')
vim.keymap.set('i', '<Tab>', '-a tab of mine-') -- a mapping that the plugin finds and must leave alone

vim.lsp.config('infill', {
  cmd = { '/opt/infill', 'lsp', '--stdio', '--shared' },
  filetypes = { 'python' },
  settings = { infill = { deadline = 60000, promptBudget = 60000, confidence = 0, backOff = false } }, -- whole suggestions from the whole prompt, however busy the machine is, unsure the model and unthankful the user
})
vim.lsp.enable('infill')
