using System.Globalization;
using BenchmarkDotNet.Running;
using Infill.Benchmarks.Drafting;
using Infill.Benchmarks.EndToEnd;

// One at a time: two processes that compute at once on two cores slow each other a hundredfold.
var chosen = args.FirstOrDefault() ?? "all";
if (chosen == "micro")
{
    BenchmarkSwitcher.FromAssembly(typeof(SampleDocument).Assembly).Run(args[1..]);
    return 0;
}

if (chosen is not ("all" or "start" or "typing" or "cancel" or "batch" or "arrival" or "follow" or "neighbour" or "elastic" or "draft"))
{
    Console.Error.WriteLine("Usage: Infill.Benchmarks [all | start | typing | cancel | batch | arrival | follow | neighbour | elastic | draft [PROMPTS [SEED [TOKENS [PREFIX]]]] | micro ARGS]");
    return 2;
}

if (chosen is "all" or "start") await StartUpBenchmark.RunAsync(rounds: 10);
if (chosen is "all" or "typing") await TypingBenchmark.RunAsync(keysPerSecond: 5, rounds: 3);
if (chosen is "all" or "cancel") await CancelBenchmark.RunAsync(cancels: 100);
if (chosen is "all" or "batch") await ConcurrencyBenchmark.RunAsync(rounds: 9);
if (chosen is "all" or "arrival") await ArrivalBenchmark.RunAsync(rounds: 3);
if (chosen is "all" or "follow") await FollowBenchmark.RunAsync(placesPerFile: 6, keysPerPlace: 60);
if (chosen is "all" or "elastic") await ElasticBenchmark.RunAsync(rounds: 5);
if (chosen is "neighbour") await NeighbourBenchmark.RunAsync(); // not among all: it takes two minutes
if (chosen is "all" or "draft") await new DraftBenchmark(Argument(1) ?? 100, seed: Argument(2) ?? 1, maxTokens: Argument(3) ?? 96, prefixTokens: Argument(4) ?? 512).RunAsync();
return 0;

int? Argument(int index) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : null;
