---@brief
---
--- https://en.wikipedia.org/wiki/Language_Server_Protocol#textDocument/inlineCompletion
---
--- Infill suggests the code you are about to write, from a model that runs on your own machine.
--- `infill` must be on your `PATH`, or `cmd` must name it.
---
--- With the whole plugin on your 'runtimepath', `vim.lsp.enable('infill')` is all there is to do: ghost text streams while
--- you type, and keys accept it. With this file alone, Neovim's own client shows the ghost text:
---
--- ```lua
--- vim.lsp.enable('infill')
--- vim.lsp.inline_completion.enable(true)
--- vim.keymap.set('i', '<Tab>', function()
---   return vim.lsp.inline_completion.get() and '' or '<Tab>'
--- end, { expr = true })
--- ```

---@type vim.lsp.Config
return {
  -- One engine for all of your editors; without --shared, one for this Neovim.
  cmd = { 'infill', 'lsp', '--stdio', '--shared' },
  root_markers = { '.git' },
  -- How partial results look where they are asked for; Neovim's own client does not ask.
  init_options = { infill = { snapshots = 'growing' } },
  on_exit = function(code, signal, client_id)
    local found, server = pcall(require, 'infill.server')
    if found then
      server.exited(code, signal, client_id)
    end
  end,
}
