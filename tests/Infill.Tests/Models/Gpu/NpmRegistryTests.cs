using Infill.Models;
using Infill.Models.Gpu;

namespace Infill.Tests.Models.Gpu;

public sealed class NpmRegistryTests
{
    [Theory]
    [InlineData("https://given.test/npm", "https://variable.test", "https://npm.test/", "https://given.test/npm/")]
    [InlineData(null, "https://variable.test", "https://npm.test/", "https://variable.test/")]
    [InlineData(null, null, "https://npm.test/mirror/", "https://npm.test/mirror/")]
    public async Task It_is_the_one_given_else_the_variable_s_else_npm_s_own(string? given, string? variable, string? configured, string expected)
    {
        var found = await NpmRegistry.FindAsync(given, name => name == "npm_config_registry" ? variable : null, () => Task.FromResult(configured));

        Assert.Equal(expected, found.AbsoluteUri);
    }

    [Fact]
    public async Task Without_any_it_is_said_how_to_name_one_and_how_to_do_without()
    {
        var e = await Assert.ThrowsAsync<ModelException>(() => NpmRegistry.FindAsync(null, static _ => null, static () => Task.FromResult<string?>(null)));

        Assert.StartsWith("No npm registry is known. Name one with --registry URL", e.Message, StringComparison.Ordinal);
        Assert.Contains("--from FILE", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_address_is_refused() =>
        Assert.Contains("must begin with https://", (await Assert.ThrowsAsync<ModelException>(() => NpmRegistry.FindAsync("ftp://x", static _ => null, static () => Task.FromResult<string?>(null)))).Message, StringComparison.Ordinal);
}
