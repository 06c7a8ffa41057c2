namespace Litestream.Cli;

/// <summary>A failure that the user can do something about: what it is, and the next step.</summary>
internal sealed class ToolException(string message, string? next = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What to do now; null if the message says it all.</summary>
    public string? Next { get; } = next;
}
