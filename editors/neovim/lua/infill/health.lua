--- `:checkhealth infill`
local M = {}

function M.check()
  local health = vim.health
  local config = require('infill.config').get()
  health.start('Neovim')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok(tostring(vim.version()))
  else
    health.error('Neovim 0.11 is the oldest with vim.lsp.enable().', 'Install a newer Neovim.')
    return
  end

  health.start('Program')
  local program = require('infill.command').program()
  if vim.fn.executable(program) == 1 then
    health.ok(vim.fn.exepath(program))
    local doctor = vim.system({ program, 'doctor' }, { text = true }):wait(60000)
    local report = vim.trim((doctor.stdout or '') .. (doctor.stderr or ''))
    if doctor.code == 0 then
      health.ok(report)
    else
      health.error(report, ('Run `%s doctor` in a shell.'):format(program))
    end
  else
    health.error(("'%s' can't be started."):format(program), {
      'Install it: editors/README.md has the one command.',
      "Or name it: vim.lsp.config('infill', { cmd = { '/path/to/infill', 'lsp', '--stdio' } })",
    })
  end

  health.start('Language server')
  if not vim.lsp.is_enabled or not vim.lsp.is_enabled('infill') then
    health.warn('It is not enabled.', "Put vim.lsp.enable('infill') into your init.lua.")
  end
  local cmd = (vim.lsp.config['infill'] or {}).cmd
  if type(cmd) == 'table' then
    health.info(vim.tbl_contains(cmd, '--shared') and 'All of your editors share one engine.' or 'This Neovim has an engine of its own.')
  end
  local state, detail = require('infill.server').state()
  local told = state .. (detail and (': ' .. detail) or '')
  if state == 'failed' then
    health.error(told, ':Infill log tells why; :Infill restart tries again.')
  elseif state == 'stopped' then
    health.info('It does not run: no buffer needs it yet.')
  else
    health.ok(told)
  end

  health.start('Ghost text')
  if config.ghost then
    health.ok('Drawn by the plugin; vim.lsp.inline_completion leaves this server alone.')
    for name, key in vim.spairs(config.keys) do
      health.info(('%s: %s'):format(name, key or 'no key'))
    end
  elseif vim.lsp.inline_completion and vim.lsp.inline_completion.is_enabled() then
    health.ok('Left to vim.lsp.inline_completion.')
  else
    health.warn('Nobody draws it.', 'Enable vim.lsp.inline_completion, or set ghost = true.')
  end
end

return M
