namespace Litestream;

/// <summary>Makes replica clients for the URL schemes it serves. Registered in DI; all registered factories are asked.</summary>
public interface IReplicaClientFactory
{
    /// <summary>The URL schemes served, lower case, without <c>://</c>.</summary>
    IReadOnlyCollection<string> Schemes { get; }

    /// <summary>Makes a client. Does no I/O on the store, so that an unreachable one does not stop the application.</summary>
    /// <exception cref="ArgumentException">
    /// The URL or its settings make no sense; says what and how to mend it. An <c>OptionsValidationException</c> does the
    /// same for several at once, each with its configuration path.
    /// </exception>
    IReplicaClient Create(ReplicaClientContext context);
}
