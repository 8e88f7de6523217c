using Infill.Server;

return await CommandLine.RunAsync(args);
