namespace Litestream;

/// <summary>An object that was asked for by key is not on the replica.</summary>
public sealed class ReplicaObjectNotFoundException : ReplicaException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public ReplicaObjectNotFoundException()
    {
    }

    /// <summary>Creates the exception with a message that names the object and what to do.</summary>
    public ReplicaObjectNotFoundException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception around the one that caused it.</summary>
    public ReplicaObjectNotFoundException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception for one object.</summary>
    /// <param name="message">What is wrong, naming the object.</param>
    /// <param name="key">The key of the object.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ReplicaObjectNotFoundException(string message, string key, Exception? innerException = null)
        : base(message, innerException) => Key = key;

    /// <summary>The key of the object on the replica, if one object is meant.</summary>
    public string? Key { get; }
}
