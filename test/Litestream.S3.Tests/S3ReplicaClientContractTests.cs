using Litestream.Testing;

namespace Litestream.S3;

/// <summary>The contract, on the real server where there is one, else on the store in this process.</summary>
public sealed class S3ReplicaClientContractTests : ReplicaClientContract, IAsyncLifetime
{
    private string _url = "";
    private FakeStore? _fake;

    protected override TimeSpan LatestAnswer => TimeSpan.FromSeconds(2);

    public async Task InitializeAsync()
    {
        if (RealServer.WhatIsMissing is null)
        {
            _url = RealServer.NewUrl("contract");
            return;
        }

        _fake = await FakeStore.StartAsync();
        _url = FakeStore.Url("a b/c");
    }

    public async Task DisposeAsync()
    {
        if (_fake is not null)
        {
            await _fake.DisposeAsync();
        }
        else
        {
            await RealServer.CleanAsync(_url);
        }
    }

    protected override IReplicaClient CreateClient() => new S3ReplicaClient(_url, _fake?.Options() ?? RealServer.Options());
}
