namespace Infill.Engine.Lifetime;

/// <summary>
/// Ends a thread that hung in a step for so long that another one has taken the engine over. An exception, so that nothing of
/// the engine is touched on the way out.
/// </summary>
internal sealed class ThreadGivenUpException : Exception
{
    public ThreadGivenUpException() : base("The step returned after its thread had been given up.") { }

    public ThreadGivenUpException(string message) : base(message) { }

    public ThreadGivenUpException(string message, Exception inner) : base(message, inner) { }
}
