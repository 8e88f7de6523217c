using Infill.Models;
using Infill.Models.Pulling;

namespace Infill.Tests.Models.Pulling;

public sealed class PullSourceTests
{
    private readonly PullSources _sources = new(PullSources.Hub("https://hub.test/mirror"));

    [Theory]
    [InlineData("qwen2.5-coder-1.5b", "https://hub.test/mirror/ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF/resolve/main/qwen2.5-coder-1.5b-q8_0.gguf", "qwen2.5-coder-1.5b")]
    [InlineData("ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF:qwen2.5-coder-1.5b-q8_0.gguf", "https://hub.test/mirror/ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF/resolve/main/qwen2.5-coder-1.5b-q8_0.gguf", "qwen2.5-coder-1.5b")]
    [InlineData("a/b:sub/My Model.gguf", "https://hub.test/mirror/a/b/resolve/main/sub/My%20Model.gguf", null)]
    [InlineData("https://files.test/x/m.gguf?key=secret", "https://files.test/x/m.gguf?key=secret", "m")]
    public void A_name_a_hub_s_file_and_a_URL_are_found(string wanted, string url, string? name)
    {
        var source = _sources.Find(wanted, name is null ? "mine" : null, sha256: null);

        Assert.Equal(url, source.Url.AbsoluteUri);
        Assert.Equal(name ?? "mine", source.Name);
        Assert.DoesNotContain("secret", source.Label, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nosuch", "There is no model 'nosuch'. Give a name of 'infill model list'")]
    [InlineData("owner/repo", "Say which file of 'owner/repo': owner/repo:FILE.gguf.")]
    [InlineData("owner/repo:../../x.gguf", "is no file of a hub")]
    [InlineData("owner/repo:m-00001-of-00003.gguf", "is one part of several")]
    [InlineData("owner/repo:my model.gguf", "choose one of letters, digits, dots and dashes with --name")]
    [InlineData("ftp://files.test/m.gguf", "The URL must begin with https:// or http://.")]
    public void What_can_not_be_pulled_is_said(string wanted, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<ModelException>(() => _sources.Find(wanted, name: null, sha256: null)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_hub_it_is_said_how_to_name_one()
    {
        var sources = new PullSources(PullSources.Hub(""));

        Assert.Contains("Set HF_ENDPOINT, or 'hub' in your settings file", Assert.Throws<ModelException>(() => sources.Find("qwen2.5-coder-7b", null, null)).Message, StringComparison.Ordinal);
        Assert.Equal("m", sources.Find("https://files.test/m.gguf", null, null).Name);
        Assert.Throws<ModelException>(() => PullSources.Hub("hub.test"));
    }
}
