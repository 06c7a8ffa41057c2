namespace Litestream.Replication;

/// <summary>One who waits for a pass; the result is the sequence that was captured.</summary>
/// <param name="untilCopied">Whether it is enough that everything has been copied.</param>
internal sealed class PassWaiter(bool untilCopied) : TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public bool UntilCopied { get; } = untilCopied;
}
