-- A user's configuration, as the README gives it, and a log of every message.
vim.lsp.log.set_level(vim.log.levels.TRACE)
vim.o.swapfile = false

vim.lsp.config('infill', {
  cmd = { '/opt/infill', 'lsp', '--stdio', '--shared' },
  filetypes = { 'python' },
  root_markers = { '.git' },
  settings = { infill = { deadline = 60000, promptBudget = 60000, confidence = 0, backOff = false } }, -- whole suggestions from the whole prompt, however busy the machine is, unsure the model and unthankful the user
})
vim.lsp.enable('infill')
vim.lsp.inline_completion.enable(true)
vim.keymap.set('i', '<Tab>', function()
  if not vim.lsp.inline_completion.get() then
    return '<Tab>'
  end
end, { expr = true })

-- A part of it: the client asks for the rest by itself.
local function accept(pattern)
  vim.lsp.inline_completion.get({
    on_accept = function(item)
      item.insert_text, item.command = item.insert_text:match(pattern), nil
      return item
    end,
  })
end
vim.keymap.set('i', '<C-Right>', function() accept('^%s*[%w_]+') end)
vim.keymap.set('i', '<C-l>', function() accept('^\n*[^\n]+') end)
