using Infill.Server.Settings;
using Infill.Server;
using Infill.Server.Commands;

if (args is ["lsp"] or ["lsp", "--stdio"])
{
    // How editors start it: parsing two words with the full grammar would take a tenth of the time that a client waits.
    StartUp.LoadProtocolBeside();
    return await LspCommand.RunAsync(new SettingsLayer(), isVerbose: false, CancellationToken.None);
}

return await CommandLine.RunAsync(args);
