namespace Litestream;

/// <summary>A replica could not be reached, read or written.</summary>
public class ReplicaException : LitestreamException
{
    /// <summary>Creates the exception with a message that says what failed and what to do.</summary>
    public ReplicaException(string message, Exception? innerException = null, bool isTransient = false)
        : base(message, innerException, isTransient)
    {
    }

    /// <summary>Creates the exception without a message of its own.</summary>
    public ReplicaException()
    {
    }

    /// <summary>Creates the exception with a message that says what failed and what to do.</summary>
    public ReplicaException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception around the one that caused it.</summary>
    public ReplicaException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
