namespace Infill.Server;

/// <summary>What the program says to its caller when it ends.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadArguments = 2;
    public const int Interrupted = 130;
}
