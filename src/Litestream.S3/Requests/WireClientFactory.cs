using Amazon.Runtime;

namespace Litestream.S3.Requests;

/// <summary>Gives the SDK one HTTP client, whose time limits are ours.</summary>
internal sealed class WireClientFactory(HttpMessageHandler handler) : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client = new(handler) { Timeout = Timeout.InfiniteTimeSpan };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public override string? GetConfigUniqueString(IClientConfig clientConfig) => null;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
