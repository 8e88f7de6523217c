using Infill.Models;
using Infill.Models.Gpu;
using Infill.Models.Pulling;
using Infill.Tests.Models.Pulling;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Models.Gpu;

public sealed class GpuInstallTests : IDisposable
{
    private static readonly PullOptions s_options = new() { FirstDelay = TimeSpan.FromMilliseconds(1), MostDelay = TimeSpan.FromMilliseconds(5), Attempts = 2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("infill-gpu-").FullName;
    private readonly FaultyHub _registry = new();
    private readonly byte[] _bytes = GpuPackages.Library(200_000);
    private readonly GpuLibrary _library;
    private readonly GpuStore _store;

    public GpuInstallTests()
    {
        _registry.File = GpuPackages.Pack(_bytes);
        _library = GpuPackages.Entry(_bytes, _registry.File);
        _store = new GpuStore(_folder, GpuPackages.Catalog(_library));
    }

    [Fact]
    public async Task A_library_is_fetched_verified_and_put_in_place_with_nothing_beside_it()
    {
        var (installed, wasThere) = await PullAsync();

        Assert.False(wasThere);
        Assert.True(installed.IsWhole);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(installed.Path));
        Assert.Equal(installed, Assert.Single(_store.List()));
        Assert.StartsWith("GET /@scope/cuda-package/-/cuda-package-1.2.3.tgz HTTP/1.1", _registry.ToHub.First(), StringComparison.Ordinal);
        Assert.Equal(["cuda"], Directory.GetFileSystemEntries(Path.Combine(_folder, "9.9.9")).Select(Path.GetFileName));
        Assert.True((await PullAsync()).WasThere);
        Assert.Single(_registry.ToHub);
    }

    [Fact]
    public async Task What_broke_off_goes_on_where_it_was_and_is_no_library_meanwhile()
    {
        Plan(Fault.Cut);
        await Assert.ThrowsAsync<ModelException>(() => PullAsync(s_options with { Attempts = 1 }));
        var kept = new FileInfo(Path.Combine(_folder, "9.9.9", "cuda.tgz.partial")).Length;
        Assert.Empty(_store.List());

        var (installed, _) = await PullAsync();

        Assert.Contains($"Range: bytes={kept}-", _registry.ToBytes.Last(), StringComparison.Ordinal);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(installed.Path));
    }

    [Fact]
    public async Task What_is_not_the_package_that_was_pinned_is_never_unpacked()
    {
        _registry.File = GpuPackages.Pack(GpuPackages.Library(200_000, seed: 2));

        var e = await Assert.ThrowsAsync<ModelException>(() => PullAsync());

        Assert.StartsWith("What came for '@scope/cuda-package@1.2.3' is wrong: its SHA-512 is sha512-", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder, "9.9.9")));
    }

    [Fact]
    public async Task A_library_that_was_damaged_is_installed_again()
    {
        var (installed, _) = await PullAsync();
        await using (var file = File.OpenWrite(installed.Path)) file.SetLength(1000);
        Assert.False(Assert.Single(_store.List()).IsWhole);

        Assert.False((await PullAsync()).WasThere);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(installed.Path));

        await using (var file = File.OpenWrite(installed.Path)) file.WriteByte((byte)~_bytes[0]);
        Assert.False((await PullAsync()).WasThere); // of the right length, and wrong all the same
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(installed.Path));
    }

    [Fact]
    public async Task What_an_install_left_that_was_cut_off_while_it_unpacked_is_not_used()
    {
        var aside = Directory.CreateDirectory(Path.Combine(_folder, "9.9.9", "cuda.new"));
        await File.WriteAllBytesAsync(Path.Combine(aside.FullName, "libggml-cuda.so"), _bytes);
        Assert.Empty(_store.List());

        await PullAsync();

        Assert.Single(_store.List());
        Assert.False(aside.Exists && Directory.Exists(aside.FullName));
    }

    [Fact]
    public async Task A_disk_that_is_too_small_for_package_and_library_is_said_before_anybody_is_asked()
    {
        var e = await Assert.ThrowsAsync<ModelException>(() => PullAsync(s_options with { FreeBytes = _ => (64 << 20) + _library.Bytes }));

        Assert.Contains("There is not enough room in", e.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.ToHub);
    }

    [Theory]
    [InlineData("404 Not Found", "The registry has no '@scope/cuda-package@1.2.3'. Name another with --registry, or fetch the file elsewhere ('npm pack @scope/cuda-package@1.2.3') and give it with --from.")]
    [InlineData("401 Unauthorized", "The registry doesn't let '@scope/cuda-package@1.2.3' be read (401).")]
    public async Task A_registry_s_refusal_says_what_to_do(string status, string sentence)
    {
        _registry.Refusal = status;

        Assert.StartsWith(sentence, (await Assert.ThrowsAsync<ModelException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_may_come_from_a_file_and_no_other_file_is_taken_for_it()
    {
        using var package = new TemporaryFile(_registry.File);
        using var other = new TemporaryFile("something else"u8);
        var install = new GpuInstall(_store, s_options);

        var e = await Assert.ThrowsAsync<ModelException>(() => install.TakeAsync(_library, other.Path, CancellationToken.None));
        Assert.StartsWith($"'{other.Path}' is not @scope/cuda-package@1.2.3: its SHA-512 is", e.Message, StringComparison.Ordinal);
        Assert.Contains("can't be installed", (await Assert.ThrowsAsync<ModelException>(() => install.TakeAsync(_library, "/no/such/file.tgz", CancellationToken.None))).Message, StringComparison.Ordinal);
        Assert.Empty(_store.List());

        var (installed, _) = await install.TakeAsync(_library, package.Path, CancellationToken.None);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(installed.Path));
        Assert.Empty(_registry.ToHub);
    }

    [Fact]
    public async Task A_package_without_the_library_is_refused()
    {
        var empty = GpuPackages.Pack([]);
        _registry.File = empty;
        var entry = GpuPackages.Entry(_bytes, empty);

        var e = await Assert.ThrowsAsync<ModelException>(() => new GpuInstall(_store, s_options).PullAsync(entry, _registry.Address, progress: null, CancellationToken.None));

        Assert.Equal($"@scope/cuda-package@1.2.3 has no '{GpuPackages.File}' of 200000 bytes.", e.Message);
        Assert.Empty(_store.List());
    }

    [Fact]
    public async Task Sixty_installs_through_faults_end_with_the_right_library_or_a_sentence()
    {
        var faults = Enum.GetValues<Fault>();
        var (right, refused) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            _registry.Random = random;
            var left = seed % 10 == 9 ? int.MaxValue : random.Next(0, 6);
            _registry.Next = () => left-- <= 0 ? Fault.None : faults[random.Next(faults.Length)];
            for (var again = 0; again < 3; again++)
            {
                try
                {
                    var (installed, _) = await PullAsync(s_options with { Attempts = 4, Standstill = TimeSpan.FromMilliseconds(250) });
                    Assert.True((await File.ReadAllBytesAsync(installed.Path)).AsSpan().SequenceEqual(_bytes), $"seed {seed}: other bytes");
                    right++;
                    break;
                }
                catch (ModelException e)
                {
                    refused++;
                    Assert.True(e.Message.EndsWith('.'), $"seed {seed}: {e.Message}");
                    Assert.Empty(_store.List());
                }
            }

            _store.Remove(_library);
        }

        Assert.InRange(right, 45, 60);
        Assert.True(refused > 0, "the faults would test nothing");
    }

    [Fact]
    public async Task Removing_takes_the_library_and_what_was_begun_and_other_releases_go_too()
    {
        await PullAsync();
        var begun = Path.Combine(_folder, "9.9.9", "cuda.tgz.partial");
        await File.WriteAllTextAsync(begun, "begun");
        var older = Directory.CreateDirectory(Path.Combine(_folder, "8.8.8", "cuda")).FullName;

        _store.RemoveOtherReleases();
        Assert.False(Directory.Exists(older));
        Assert.Single(_store.List());

        _store.Remove(_library);
        Assert.Empty(_store.List());
        Assert.False(File.Exists(begun));
    }

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Plan(params Fault[] faults)
    {
        var left = new Queue<Fault>(faults);
        _registry.Next = () => left.TryDequeue(out var fault) ? fault : Fault.None;
    }

    private Task<(InstalledGpuLibrary Installed, bool WasThere)> PullAsync(PullOptions? options = null) =>
        new GpuInstall(_store, options ?? s_options).PullAsync(_library, _registry.Address, progress: null, CancellationToken.None);
}
