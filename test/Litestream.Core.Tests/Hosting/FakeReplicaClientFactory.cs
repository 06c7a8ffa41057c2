namespace Litestream.Hosting;

/// <summary>Serves the schemes it is given with clients that do nothing, and remembers what it was asked for.</summary>
internal sealed class FakeReplicaClientFactory(params string[] schemes) : IReplicaClientFactory
{
    public IReadOnlyCollection<string> Schemes => schemes;

    public List<ReplicaClientContext> Contexts { get; } = [];

    public List<FakeReplicaClient> Clients { get; } = [];

    public Func<ReplicaClientContext, Uri> Locate { get; set; } = context => new Uri(context.Url);

    public IReplicaClient Create(ReplicaClientContext context)
    {
        var client = new FakeReplicaClient(Locate(context));
        lock (Clients)
        {
            Contexts.Add(context);
            Clients.Add(client);
        }

        return client;
    }
}
