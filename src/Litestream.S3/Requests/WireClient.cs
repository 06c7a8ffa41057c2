using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace Litestream.S3.Requests;

/// <summary>
/// The SDK's client without its retries. They cannot be switched off by settings: with <c>MaxErrorRetry = 0</c> a dropped
/// connection still makes eleven requests, within milliseconds, and a conditional write then meets its own object.
/// </summary>
internal sealed class WireClient : AmazonS3Client
{
    public WireClient(AmazonS3Config config)
        : base(config)
    {
    }

    public WireClient(AWSCredentials credentials, AmazonS3Config config)
        : base(credentials, config)
    {
    }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.RemoveHandler<RetryHandler>();
    }
}
