namespace Litestream.Storage;

/// <summary>Says in our own exceptions what the file system said.</summary>
internal static class FileFailure
{
    private const int ENOSPC = 28;
    private const int EROFS = 30;
    private const int EEXIST = 17;
    private const int ENOTDIR = 20;
    private const int EDQUOTLinux = 122;
    private const int EDQUOTMac = 69;
    private const int ErrorHandleDiskFull = unchecked((int)0x80070027);
    private const int ErrorAlreadyExists = unchecked((int)0x800700B7);
    private const int ErrorDiskFull = unchecked((int)0x80070070);

    /// <summary>True for what a file system throws when it fails.</summary>
    public static bool IsFileFailure(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>Explains a failure.</summary>
    /// <param name="exception">What the file system threw.</param>
    /// <param name="action">What was tried, as in "could not be written".</param>
    /// <param name="path">The path it was tried on.</param>
    public static ReplicaException Explain(Exception exception, string action, string path)
    {
        var (remedy, isTransient) = Classify(exception);
        return new ReplicaException($"'{path}' on the replica could not be {action}: {remedy} ({exception.Message})", exception, isTransient);
    }

    private static (string Remedy, bool IsTransient) Classify(Exception exception) => exception switch
    {
        UnauthorizedAccessException => ("this process lacks the permission; give its user the right to read and write the replica's folder.", false),
        PathTooLongException => ("the path is too long for the file system; move the replica to a shorter path.", false),
        _ => exception.HResult switch
        {
            ENOSPC or ErrorDiskFull or ErrorHandleDiskFull => ("the disk is full; free some space.", true),
            EDQUOTMac or EDQUOTLinux => ("the user's quota is used up; free some space.", true),
            EROFS => ("the file system is read-only; mount it for writing.", false),
            ENOTDIR or EEXIST or ErrorAlreadyExists => ("a part of the path is a file and no folder; check the replica's path.", false),
            _ => ("the file system failed; see the system's log if it goes on.", true),
        },
    };
}
