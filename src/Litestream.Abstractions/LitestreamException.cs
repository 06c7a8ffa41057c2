namespace Litestream;

/// <summary>
/// Base of what this library throws when something outside the program is at fault. Misuse throws the CLR's own
/// exceptions (<see cref="ArgumentException"/>, <see cref="InvalidOperationException"/>, <see cref="ObjectDisposedException"/>).
/// </summary>
public class LitestreamException : Exception
{
    /// <summary>Creates the exception with a message that says what failed and what to do.</summary>
    public LitestreamException(string message, Exception? innerException = null, bool isTransient = false)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Creates the exception without a message of its own.</summary>
    public LitestreamException()
    {
    }

    /// <summary>Creates the exception with a message that says what failed and what to do.</summary>
    public LitestreamException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception around the one that caused it.</summary>
    public LitestreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>True if the same call may succeed later without anybody's help: a time-out, a throttle, a lost connection.</summary>
    /// <value>Default: false.</value>
    public bool IsTransient { get; }
}
