using System.Globalization;

namespace Infill.Server.Gpu;

/// <summary>
/// A file for each process that just puts a model on a GPU. One that is left behind is of a process that did not survive that:
/// a library may fail on a model of another kind than the one that it was tried with. Any thread, any process.
/// </summary>
/// <param name="folder">Made when it is first needed. Where nothing can be written nothing is noticed.</param>
/// <param name="isAlive">Whether a process of that number runs.</param>
internal sealed class LoadMarks(string folder, Func<int, bool> isAlive)
{
    /// <summary>So many lost processes are no accident: one may have been ended by its user.</summary>
    public const int Most = 2;

    private const string Ending = ".loading";

    /// <summary>Marks this process until the result is disposed; then what others left goes too, as this one shows that it can be done.</summary>
    /// <param name="library">The library's name.</param>
    public IDisposable Begin(string library)
    {
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{library}.{Environment.ProcessId}{Ending}"));
        Quietly(() =>
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(file, []);
        });
        return new Mark(() =>
        {
            Quietly(() => File.Delete(file));
            Clear(library);
        });
    }

    /// <summary>Processes that were lost with this library since one last succeeded.</summary>
    public int Lost(string library) => Left(library).Count();

    /// <summary>Forgets them.</summary>
    public void Clear(string library)
    {
        foreach (var file in Left(library)) Quietly(() => File.Delete(file));
    }

    private IEnumerable<string> Left(string library)
    {
        var files = Array.Empty<string>();
        Quietly(() => files = Directory.GetFiles(folder, $"{library}.*{Ending}"));
        return files.Where(file => int.TryParse(Path.GetFileName(file)[(library.Length + 1)..^Ending.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var process) && !isAlive(process));
    }

    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then a loss is not noticed, or noticed once more.
        }
    }

    private sealed class Mark(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
