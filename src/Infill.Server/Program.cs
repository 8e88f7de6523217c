using Infill.Server;

if (args is ["lsp", ..]) StartUp.LoadProtocolBeside();
return await CommandLine.RunAsync(args);
