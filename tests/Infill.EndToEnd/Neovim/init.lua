-- A user's configuration, as the README gives it, and a log of every message.
vim.lsp.log.set_level(vim.log.levels.TRACE)
vim.o.swapfile = false

vim.lsp.config('infill', {
  cmd = { '/opt/infill', 'lsp', '--stdio' },
  filetypes = { 'python' },
  root_markers = { '.git' },
})
vim.lsp.enable('infill')
vim.lsp.inline_completion.enable(true)
vim.keymap.set('i', '<Tab>', function()
  if not vim.lsp.inline_completion.get() then
    return '<Tab>'
  end
end, { expr = true })
