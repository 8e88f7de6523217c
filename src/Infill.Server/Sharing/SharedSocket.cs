using System.Net.Sockets;
using Infill.Engine;

namespace Infill.Server.Sharing;

/// <summary>The right to serve a place, and the socket there. One process has it at a time; it goes with the process.</summary>
internal sealed class SharedSocket : IDisposable
{
    private readonly FileStream _lock;
    private readonly SharingPlace _place;

    private SharedSocket(SharingPlace place, FileStream held, Socket socket) => (_place, _lock, Socket) = (place, held, socket);

    public Socket Socket { get; }

    /// <summary>Null where another process serves the place already.</summary>
    /// <exception cref="EngineException">The place can't be used.</exception>
    public static SharedSocket? TryOpen(SharingPlace place)
    {
        place.Prepare();
        FileStream held;
        try
        {
            held = new FileStream(place.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }

        try
        {
            File.Delete(place.Socket); // of one that was killed
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(place.Socket));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(place.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(64);
            return new SharedSocket(place, held, socket);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            held.Dispose();
            throw new EngineException($"The socket '{place.Socket}' can't be made: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        File.Delete(_place.Socket); // while the lock is held: it is still ours
        Socket.Dispose();
        _lock.Dispose();
    }
}
