using System.Security.Cryptography;
using Infill.Models;
using Infill.Tests.Models.Gguf;

namespace Infill.Tests.Models;

public sealed class ModelStoreTests : IDisposable
{
    private readonly ModelStore _store = new(Directory.CreateTempSubdirectory("infill-store-").FullName);
    private readonly byte[] _model = GgufBytes.Small().ToArray();

    [Fact]
    public void Only_whole_models_are_listed()
    {
        Put("b");
        Put("a");
        File.WriteAllBytes(_store.PathOf("c") + ModelStore.PartialEnding, _model);
        File.WriteAllText(Path.Combine(_store.Folder, "notes.txt"), "");

        Assert.Equal(["a", "b"], _store.List().Select(static model => model.Name));
        Assert.Null(_store.Find("c"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../a")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public void A_name_never_leads_out_of_the_folder(string name)
    {
        Assert.False(ModelStore.IsName(name));
        Assert.Null(_store.Find(name));
    }

    [Fact]
    public async Task A_pulled_model_is_verified_by_its_hash()
    {
        Put("m");
        _store.WriteOrigin("m", new ModelOrigin("owner/m:m.gguf", Convert.ToHexStringLower(SHA256.HashData(_model)), _model.Length));

        Assert.Equal("Small", (await VerifyAsync()).Name);

        _model[^1] ^= 1;
        Put("m");
        Assert.Contains("has changed since it was pulled", (await Assert.ThrowsAsync<ModelException>(VerifyAsync)).Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(_store.PathOf("m"), [.. _model, 0]);
        Assert.Contains("infill model remove m", (await Assert.ThrowsAsync<ModelException>(VerifyAsync)).Message, StringComparison.Ordinal);

        Task<Infill.Models.Gguf.GgufHeader> VerifyAsync() => ModelStore.VerifyAsync(_store.Find("m")!, progress: null, CancellationToken.None);
    }

    [Fact]
    public void Removing_takes_all_that_belongs_to_a_model_and_nothing_else()
    {
        Put("m");
        Put("n");
        _store.WriteOrigin("m", new ModelOrigin("", "", 0));
        File.WriteAllText(_store.PathOf("m") + ModelStore.PartialEnding, "");

        _store.Remove("m");

        Assert.Equal([_store.PathOf("n")], Directory.GetFiles(_store.Folder));
    }

    [Fact]
    public void Every_model_of_the_catalogue_is_whole_and_prompted_by_a_template_that_there_is()
    {
        Assert.Equal(ModelCatalog.All.Count, ModelCatalog.All.Select(static model => model.Name).Distinct().Count());
        Assert.All(ModelCatalog.All, static model =>
        {
            Assert.True(ModelStore.IsName(model.Name));
            Assert.Matches("^[^/]+/[^/]+$", model.Repository);
            Assert.EndsWith(ModelStore.Ending, model.File, StringComparison.Ordinal);
            Assert.NotNull(Infill.Completion.Prompting.FimTemplates.Named(model.Template));
            Assert.InRange(model.Size, 300_000_000, 20_000_000_000);
            Assert.True(model.Memory > model.Size && model.Licence.Length > 0);
            Assert.True(model.Sha256 is null or { Length: 64 });
        });
    }

    public void Dispose() => Directory.Delete(_store.Folder, recursive: true);

    private void Put(string name) => File.WriteAllBytes(_store.PathOf(name), _model);
}
