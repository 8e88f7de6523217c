using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Infill.Server.Sharing;

/// <summary>The few calls of Unix that .NET has no name for.</summary>
internal static partial class UnixNative
{
    private const int OpenWriteOnly = 1;
    private const int CoreSize = 4;         // RLIMIT_CORE
    private const int SocketLevel = 1;      // SOL_SOCKET on Linux
    private const int PeerCredentials = 17; // SO_PEERCRED on Linux

    public static uint UserId => EffectiveUserId();

    /// <summary>Leaves the terminal and its signals to whoever started this process.</summary>
    public static void LeaveTerminal() => _ = NewSession(); // refused to a group's leader, whose signals are its own business

    /// <summary>From here on standard input and output are nothing, and standard error is a file.</summary>
    public static void Detach(string errorFile)
    {
        var nothing = Open("/dev/null", 2, 0);
        _ = Duplicate(nothing, 0);
        _ = Duplicate(nothing, 1);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(errorFile, options);
        var error = Open(errorFile, OpenWriteOnly, 0);
        if (error >= 0) _ = Duplicate(error, 2);
    }

    /// <summary>If this process is ended by a fault, its memory is not written to a file: with a GPU mapped into it that can be gigabytes.</summary>
    public static void LeaveNoCore()
    {
        if (OperatingSystem.IsWindows()) return;
        var limit = new ResourceLimit(1, 1); // too small for any file, and for programs that collect them the word for no
        _ = SetLimit(CoreSize, in limit);
    }

    /// <summary>Whether the other end of a Unix socket is a process of ours. Where it can't be asked, the folder's mode must do.</summary>
    public static bool IsOurs(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return true;
        Span<byte> credentials = stackalloc byte[12]; // process, user, group
        return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length &&
            MemoryMarshal.Read<uint>(credentials[4..]) == UserId;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int NewSession();

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    /// <summary><c>rlimit</c>, on 64-bit hosts.</summary>
    private readonly record struct ResourceLimit(ulong Soft, ulong Hard);
}
