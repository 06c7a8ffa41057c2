namespace Litestream;

/// <summary>
/// A <em>successful</em> listing of the replica holds nothing for the request. A replica that could not be read is never
/// reported this way.
/// </summary>
public sealed class BackupNotFoundException : ReplicaException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public BackupNotFoundException()
    {
    }

    /// <summary>Creates the exception with a message that says what was looked for and what is there.</summary>
    public BackupNotFoundException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception around the one that caused it.</summary>
    public BackupNotFoundException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
