using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Litestream.S3.Requests;

/// <summary>
/// The SDK's settings under which every store that was tried accepts what it sends (docs/stores.md). The other half is on
/// the requests: <c>UseChunkEncoding = false</c> and seekable bodies.
/// </summary>
internal static class WireConfig
{
    public static AmazonS3Config Create(S3Location location, WireClientFactory http)
    {
        var config = new AmazonS3Config
        {
            HttpClientFactory = http,
            ForcePathStyle = location.PathStyle,
            MaxErrorRetry = 0,
            RetryMode = RequestRetryMode.Standard,
            ThrottleRetries = false,
            RequestChecksumCalculation = location.Dialect.ChecksumHeaders
                ? RequestChecksumCalculation.WHEN_SUPPORTED : RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = location.Dialect.ChecksumHeaders
                ? ResponseChecksumValidation.WHEN_SUPPORTED : ResponseChecksumValidation.WHEN_REQUIRED,
            // A clock that is wrong is reported, not worked around: times in the backup come from it.
            LogResponse = false,
        };
        if (location.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = location.Region;
            config.UseHttp = endpoint.Scheme == Uri.UriSchemeHttp;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(location.Region);
        }

        return config;
    }
}
