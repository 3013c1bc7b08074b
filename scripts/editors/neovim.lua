-- The language server of Wippy in Neovim 0.11 or later: put this into your init.lua, or `require` it.
--
-- `wippy lsp` has to be on the path. To use a running application with `lsp.enabled` instead, set
-- `cmd = vim.lsp.rpc.connect("127.0.0.1", 7777)`.

vim.lsp.config("wippy", {
  cmd = {"wippy", "lsp"},
  filetypes = {"lua", "yaml"},
  root_markers = {"wippy.lock", "_index.yaml", ".wippy.yaml"},
  -- YAML files elsewhere are nobody's business.
  workspace_required = true
})
vim.lsp.enable("wippy")

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if not client or client.name ~= "wippy" then return end
    vim.lsp.completion.enable(true, client.id, event.buf, {autotrigger = true})
    vim.api.nvim_create_autocmd("BufWritePre", {
      buffer = event.buf,
      callback = function() vim.lsp.buf.format({id = client.id}) end
    })
  end
})
