using System.Text.Json.Nodes;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Soak;

/// <summary>Somebody at a document: types with a request at each key, now and then waits, cancels, or closes and opens the file again.</summary>
internal sealed class SoakUser(LspProcess server, int number)
{
    private const int Lines = 200;
    private const string Typed = "        var total = count * buffer.Length + name.Length;";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(number); // a user's habits are the same each time; the machine's pace is not
    private readonly List<Task> _answers = [];
    private readonly string _uri = $"file:///soak/user{number}.cs";
    private int _version;
    private int _line;
    private int _column;

    public int Requests { get; private set; }

    public int Texts { get; private set; }

    public int Cancels { get; private set; }

    /// <summary>What went wrong first; null while nothing has.</summary>
    public string? Complaint { get; private set; }

    public async Task WorkAsync(CancellationToken enough)
    {
        Open();
        while (!enough.IsCancellationRequested)
        {
            await Task.Delay(_random.Next(100, 400), CancellationToken.None); // the pace of a typist who thinks at times
            if (_random.Next(200) == 0)
            {
                server.Close(_uri);
                Open();
            }

            await TypeAndAskAsync();
            _answers.RemoveAll(static answer => answer.IsCompletedSuccessfully);
        }

        await Task.WhenAll(_answers);
    }

    public async Task<JsonNode> AskOnceMoreAsync() => (await server.Complete(_uri, _line, _column).Answer.WaitAsync(Patience)).Message;

    private void Open()
    {
        server.Open(_uri, SampleDocument.Make(Lines, number), ++_version);
        _line = _random.Next(40, Lines - 40);
        _column = Typed.Length; // the first key begins a line
    }

    private async Task TypeAndAskAsync()
    {
        if (_column == Typed.Length)
        {
            server.Insert(_uri, ++_version, ++_line, 0, "\n");
            _column = 0;
            if (_line > Lines) _line = 40;
        }

        server.Insert(_uri, ++_version, _line, _column, Typed[_column].ToString());
        _column++;
        Requests++;
        var (id, answer) = server.Complete(_uri, _line, _column);
        var read = ReadAsync(answer);
        _answers.Add(read);
        switch (_random.Next(10))
        {
            case 0:
                await Task.Delay(_random.Next(60), CancellationToken.None);
                server.Cancel(id);
                Cancels++;
                break;
            case < 4:
                await read;
                break;
        }
    }

    private async Task ReadAsync(Task<Arrival> answer)
    {
        try
        {
            var message = (await answer.WaitAsync(Patience)).Message;
            if (message["result"]?["items"] is JsonArray { Count: > 0 }) Texts++;
            else if (message["error"] is { } error && (int)error["code"]! is not (-32800 or -32801)) Complaint ??= error.ToJsonString();
        }
        catch (TimeoutException)
        {
            Complaint ??= $"A request of {_uri} was not answered within {Patience.TotalSeconds} s.";
        }
    }
}
