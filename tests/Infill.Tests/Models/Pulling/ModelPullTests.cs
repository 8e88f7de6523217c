using System.Security.Cryptography;
using Infill.Models;
using Infill.Models.Pulling;
using Infill.Tests.Models.Gguf;

namespace Infill.Tests.Models.Pulling;

public sealed class ModelPullTests : IDisposable
{
    private const string Token = "hf_very_secret";

    private static readonly PullOptions s_options = new() { FirstDelay = TimeSpan.FromMilliseconds(1), MostDelay = TimeSpan.FromMilliseconds(5) };

    private readonly ModelStore _store = new(Directory.CreateTempSubdirectory("infill-pull-").FullName);
    private readonly FaultyHub _hub = new();

    public ModelPullTests() => Offer(Model(200_000));

    [Fact]
    public async Task A_model_is_pulled_verified_and_remembered()
    {
        var (model, wasThere) = await PullAsync();

        Assert.False(wasThere);
        Assert.Equal(_hub.File, await File.ReadAllBytesAsync(model.Path));
        Assert.Equal(new ModelOrigin("owner/repo:m.gguf", _hub.LinkedTag!, _hub.File.Length), model.Origin);
        Assert.Equal(2, Directory.GetFiles(_store.Folder).Length); // the model and its origin
        Assert.True((await PullAsync()).WasThere);
        Assert.Single(_hub.ToHub);
    }

    [Fact]
    public async Task A_pull_that_broke_off_is_taken_up_where_it_was_by_the_next_process()
    {
        Plan(Fault.Cut);
        await Assert.ThrowsAsync<ModelException>(() => PullAsync(options: s_options with { Attempts = 1 }));
        var kept = (int)new FileInfo(_store.PathOf("m") + ModelStore.PartialEnding).Length;
        Assert.InRange(kept, 1, _hub.File.Length - 1);
        Assert.Empty(_store.List());

        var (model, _) = await PullAsync();

        Assert.Equal(_hub.File, await File.ReadAllBytesAsync(model.Path));
        var last = _hub.ToBytes.Last();
        Assert.Contains($"Range: bytes={kept}-", last, StringComparison.Ordinal);
        Assert.Contains("If-Range: \"v1\"", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_begun_of_another_version_is_not_mixed_with_this_one()
    {
        Plan(Fault.Cut);
        await Assert.ThrowsAsync<ModelException>(() => PullAsync(options: s_options with { Attempts = 1 }));
        Offer(Model(150_000));

        var (model, _) = await PullAsync();

        Assert.Equal(_hub.File, await File.ReadAllBytesAsync(model.Path));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_where_it_redirects_nor_into_a_message()
    {
        await PullAsync();
        Assert.All(_hub.ToHub, static head => Assert.Contains($"Authorization: Bearer {Token}", head, StringComparison.Ordinal));
        Assert.All(_hub.ToBytes, static head => Assert.DoesNotContain("Authorization", head, StringComparison.OrdinalIgnoreCase));

        _hub.Refusal = "403 Forbidden";
        var refused = await Assert.ThrowsAsync<ModelException>(() => PullAsync("other"));
        Assert.Contains("Accept the model's terms on the hub", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, refused.ToString(), StringComparison.Ordinal);
        _hub.Refusal = "401 Unauthorized";
        Assert.Contains("Set HF_TOKEN", (await Assert.ThrowsAsync<ModelException>(() => PullAsync("other", token: null))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_hub_lacks_is_said_at_once()
    {
        _hub.Refusal = "404 Not Found";

        Assert.Contains("The hub has no 'owner/repo:m.gguf'", (await Assert.ThrowsAsync<ModelException>(() => PullAsync())).Message, StringComparison.Ordinal);
        Assert.Single(_hub.ToHub);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_said_before_a_byte_is_written()
    {
        var refused = await Assert.ThrowsAsync<ModelException>(() => PullAsync(options: s_options with { FreeBytes = static _ => 1000 }));

        Assert.Contains("There is not enough room in", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(_store.PathOf("m") + ModelStore.PartialEnding).Length);
    }

    [Fact]
    public async Task What_is_no_model_is_never_stored_even_if_it_is_what_the_hub_has()
    {
        Offer("<html>Please sign in</html>"u8.ToArray());

        Assert.Contains("is a web page, not a model", (await Assert.ThrowsAsync<ModelException>(() => PullAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_store.Folder));
    }

    [Fact]
    public async Task Two_at_once_are_told_apart()
    {
        Plan(Fault.Stalled);
        using var ending = new CancellationTokenSource();
        var arrived = new Arrival();
        var first = PullAsync(progress: arrived, cancellationToken: ending.Token);
        await arrived.First;

        Assert.Contains("is being pulled by another process", (await Assert.ThrowsAsync<ModelException>(() => PullAsync())).Message, StringComparison.Ordinal);

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(_hub.File, await File.ReadAllBytesAsync((await PullAsync()).Model.Path));
    }

    [Fact]
    public async Task A_server_that_stands_still_is_given_up_and_asked_again()
    {
        Plan(Fault.Stalled);

        var (model, _) = await PullAsync(options: s_options with { Standstill = TimeSpan.FromMilliseconds(300) });

        Assert.Equal(_hub.File, await File.ReadAllBytesAsync(model.Path));
        Assert.True(_hub.ToBytes.Count >= 2);
    }

    [Fact]
    public async Task Another_model_of_that_name_is_not_replaced()
    {
        await PullAsync();

        var refused = await Assert.ThrowsAsync<ModelException>(() => PullAsync(repository: "owner/fork"));

        Assert.Contains("There is another model 'm', from owner/repo:m.gguf", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Bar: every pull ends with the right file or a clear error, and no partial file is ever a model.</summary>
    [Fact]
    public async Task A_hundred_pulls_through_faults_end_with_the_right_file_or_a_sentence()
    {
        var faults = Enum.GetValues<Fault>();
        var (right, refused) = (0, 0);
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            Offer(Model(random.Next(1, 300_000)), hasTag: seed % 5 != 0); // a fifth without: then only the length tells
            _hub.Random = random;
            var left = seed % 10 == 9 ? int.MaxValue : random.Next(0, 7); // a tenth never gets well
            var hasTag = _hub.LinkedTag is not null;
            _hub.Next = () =>
            {
                if (left-- <= 0) return Fault.None;
                var fault = faults[random.Next(faults.Length)];
                return fault == Fault.WrongBytes && !hasTag ? Fault.Cut : fault;
            };
            var name = $"m{seed}";
            for (var again = 0; again < 3; again++) // as a user would, after an error
            {
                try
                {
                    var (model, _) = await PullAsync(name, options: s_options with { Attempts = 4, Standstill = TimeSpan.FromMilliseconds(250) });
                    Assert.True((await File.ReadAllBytesAsync(model.Path)).AsSpan().SequenceEqual(_hub.File), $"seed {seed}: other bytes");
                    Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(_hub.File)), model.Origin!.Sha256);
                    right++;
                    break;
                }
                catch (ModelException e)
                {
                    refused++;
                    Assert.True(e.Message.Contains(name, StringComparison.Ordinal) && e.Message.EndsWith('.'), $"seed {seed}: {e.Message}");
                    Assert.Null(_store.Find(name));
                }
            }
        }

        Assert.InRange(right, 80, 100);
        Assert.True(refused > 0, "the faults would test nothing");
    }

    public void Dispose()
    {
        _hub.Dispose();
        Directory.Delete(_store.Folder, recursive: true);
    }

    private static byte[] Model(int size)
    {
        var file = new byte[GgufBytes.Small().ToArray().Length + size];
        new Random(size).NextBytes(file);
        GgufBytes.Small().ToArray().CopyTo(file, 0); // what follows the weights is nobody's, and is compared all the same
        return file;
    }

    private void Offer(byte[] file, bool hasTag = true)
    {
        _hub.File = file;
        _hub.LinkedTag = hasTag ? Convert.ToHexStringLower(SHA256.HashData(file)) : null;
    }

    private void Plan(params Fault[] faults)
    {
        var left = new Queue<Fault>(faults);
        _hub.Next = () => left.TryDequeue(out var fault) ? fault : Fault.None;
    }

    private Task<(StoredModel Model, bool WasThere)> PullAsync(
        string name = "m", string repository = "owner/repo", string? token = Token, PullOptions? options = null, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var source = new PullSources(_hub.Address).Find($"{repository}:{name}.gguf", name: null, sha256: null);
        return new ModelPull(_store, _hub.Address, token, options ?? s_options).RunAsync(source, progress, cancellationToken);
    }

    private sealed class Arrival : IProgress<PullProgress>
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public void Report(PullProgress value) => _first.TrySetResult();
    }
}
