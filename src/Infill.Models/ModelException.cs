namespace Infill.Models;

/// <summary>A model file, or a way to get one, can't be used. The message says why and what to do, for the user.</summary>
public sealed class ModelException : Exception
{
    public ModelException()
    {
    }

    public ModelException(string message)
        : base(message)
    {
    }

    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
