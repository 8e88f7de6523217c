if vim.g.loaded_infill or vim.fn.has('nvim-0.11') == 0 then
  return
end
vim.g.loaded_infill = true

vim.api.nvim_set_hl(0, 'InfillGhost', { link = vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText', default = true })

local group = vim.api.nvim_create_augroup('infill', {})

--- Calls with the client, where it is ours.
local function on(event, callback)
  vim.api.nvim_create_autocmd(event, {
    group = group,
    callback = function(args)
      local client = vim.lsp.get_client_by_id(args.data.client_id)
      if client and client.name == 'infill' then
        callback(client, args)
      end
    end,
  })
end

on('LspAttach', function(client, args)
  require('infill.server').attached(client, args.buf)
end)
on('LspDetach', function(client, args)
  require('infill.ghost').detach(client.id, args.buf)
end)
on('LspProgress', function(_, args)
  require('infill.server').progressed(args.data.params)
end)

vim.api.nvim_create_user_command('Infill', function(args)
  require('infill.command').run(args.fargs)
end, {
  nargs = '*',
  complete = function(lead, line)
    return require('infill.command').complete(lead, line)
  end,
  desc = 'Infill: status, toggle, model, doctor, log, restart',
})
