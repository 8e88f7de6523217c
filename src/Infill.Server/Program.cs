using Infill.Server;
using Infill.Server.Commands;
using Infill.Server.Settings;

if (args is ["lsp"] or ["lsp", "--stdio"] or ["lsp", "--shared"] or ["lsp", "--shared", "--stdio"] or ["lsp", "--stdio", "--shared"])
{
    // How editors start it: parsing two words with the full grammar would take a tenth of the time that a client waits.
    StartUp.LoadProtocolBeside();
    return await LspCommand.RunAsync(new SettingsLayer(), isShared: args.Contains("--shared"), isVerbose: false, CancellationToken.None);
}

return await CommandLine.RunAsync(args);
