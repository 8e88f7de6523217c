namespace Infill.Engine;

/// <summary>What the engine or its native library could not do, in a sentence that says what to do about it.</summary>
public sealed class EngineException : Exception
{
    public EngineException(string message) : base(message) { }

    public EngineException(string message, Exception inner) : base(message, inner) { }

    public EngineException() { }
}
