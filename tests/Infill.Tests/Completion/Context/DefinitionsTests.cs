using Infill.Completion.Context;

namespace Infill.Tests.Completion.Context;

public sealed class DefinitionsTests
{
    [Theory]
    [InlineData("class Customer:", "Customer")]
    [InlineData("    def total_of(self, rows):", "total_of")]
    [InlineData("LIMIT = 100", "LIMIT")]
    [InlineData("        self.balance = 0", "balance")]
    [InlineData("public sealed class Ledger(int id)", "Ledger")]
    [InlineData("    public decimal Balance { get; init; }", "Balance")]
    [InlineData("    public static Money Add(Money left, Money right)", "Add")]
    [InlineData("    private readonly Ledger _ledger;", "_ledger")]
    [InlineData("func (c *Context) Render(code int) {", "Render")]
    [InlineData("func New() *Engine {", "New")]
    [InlineData("type Engine struct {", "Engine")]
    [InlineData("pub fn parse(text: &str) -> Option<u8> {", "parse")]
    [InlineData("export const defaults = {", "defaults")]
    [InlineData("export function combine<T>(a: T) {", "combine")]
    [InlineData("  subscribe(observer) {", "subscribe")]
    [InlineData("#define BUFFER_SIZE 10", "BUFFER_SIZE")]
    [InlineData("static int parse_header(const char *line)", "parse_header")]
    public void A_line_defines_its_name(string line, string name) => Assert.Contains(Identifiers.Hash(name), Defined(line));

    [Theory]
    [InlineData("    return compute(total)", "compute")]
    [InlineData("    total = compute(rows)", "compute")]
    [InlineData("    await client.SendAsync(message);", "SendAsync")]
    [InlineData("    var local = 1;", "local")]
    [InlineData("    if (isReady(now)) {", "isReady")]
    [InlineData("// class Comment", "Comment")]
    [InlineData("    throw new Fault(\"x\");", "Fault")]
    public void A_use_defines_nothing(string line, string name) => Assert.DoesNotContain(Identifiers.Hash(name), Defined(line));

    private static HashSet<int> Defined(string line)
    {
        var defined = new HashSet<int>();
        Definitions.AddTo(defined, line);
        return defined;
    }
}
