using Infill.Evaluation;
using Infill.Server;

var parsed = EvaluateCommand.Create().Parse(args);
if (parsed.Errors.Count == 0) return await parsed.InvokeAsync();
foreach (var error in parsed.Errors) Console.Error.WriteLine(error.Message);
return ExitCodes.BadArguments;
