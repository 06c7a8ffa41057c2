using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;

namespace Litestream.S3.Requests;

/// <summary>
/// Turns what the SDK, the connection and the store say into one exception of ours that says what is wrong, whether it may
/// pass, and what to do. None is ever a statement about backups.
/// </summary>
internal sealed class S3Failure(S3Location location, IReadOnlyList<string> secrets)
{
    private const int LongestAnswer = 300;

    /// <summary>True if the object that was asked for is not there. A missing bucket is something else.</summary>
    public static bool IsObjectMissing(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } e && e.ErrorCode is not "NoSuchBucket";

    /// <summary>True if a condition of the request was not met: the object exists.</summary>
    public static bool IsPreconditionFailed(Exception exception) =>
        exception is AmazonS3Exception e && (e.StatusCode == HttpStatusCode.PreconditionFailed || e.ErrorCode is "PreconditionFailed");

    /// <summary>True if the store does not know what was asked of it.</summary>
    public static bool IsNotImplemented(Exception exception) =>
        exception is AmazonS3Exception e && (e.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed || e.ErrorCode is "NotImplemented");

    /// <summary>The exception to throw.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="operation">What was tried, as in "could not be …": a verb and the object.</param>
    /// <param name="call">What was seen on the wire.</param>
    public ReplicaException From(Exception exception, string operation, WireCall? call)
    {
        var (message, isTransient) = exception switch
        {
            AmazonS3Exception e => FromAnswer(e, call),
            AmazonUnmarshallingException => ($"what answers there is no S3 server, or one behind a proxy's error page (HTTP {(int?)call?.Status}); check the endpoint", IsTransient(call?.Status)),
            _ when Find<HttpRequestException>(exception) is { } e => FromConnection(e),
            _ when Find<IOException>(exception) is not null => ("the connection was lost", true),
            _ when Find<TimeoutException>(exception) is not null => ("the store did not answer in time", true),
            AmazonServiceException e => ($"the store answered HTTP {(int)e.StatusCode} {Clean(e.Message)}", IsTransient(e.StatusCode)),
            AmazonClientException e when e.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) => (
                "no keys were found: set AccessKeyId and SecretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role", false),
            // A body whose hash is not what the store said.
            AmazonClientException e when e.Message.Contains("hash", StringComparison.OrdinalIgnoreCase) => ("the answer was damaged on its way", true),
            _ => (Clean(exception.Message), false),
        };
        return new ReplicaException($"{operation}, {location}: {message}.", Safe(exception), isTransient);
    }

    /// <summary>The exception for a call that made no progress.</summary>
    public ReplicaException TimedOut(Exception exception, string operation, TimeSpan timeout) => new(
        $"{operation}, {location}: nothing moved for {timeout.TotalSeconds:0} s, or the request took far too long; it was given up.", Safe(exception), isTransient: true);

    private (string Message, bool IsTransient) FromAnswer(AmazonS3Exception e, WireCall? call)
    {
        var status = (int)e.StatusCode;
        switch (e.ErrorCode)
        {
            case "SignatureDoesNotMatch":
                return ("the secret access key is wrong (SignatureDoesNotMatch); look for a key that was cut or has a space in it, and that id and secret belong together", false);
            case "InvalidAccessKeyId":
                return ("the access key is unknown to the store (InvalidAccessKeyId); check that it belongs to this store and is not deleted", false);
            case "ExpiredToken" or "TokenRefreshRequired" or "InvalidToken":
                return ($"the session token is not accepted ({e.ErrorCode}); temporary keys have to be renewed", false);
            case "RequestTimeTooSkewed" or "RequestExpired":
                return ($"the clock of this machine differs from the store's by too much ({e.ErrorCode}){Skew(call)}; set it by NTP", false);
            case "NoSuchBucket":
                return ("there is no such bucket (NoSuchBucket); create it, or correct its name, region or endpoint", false);
            case "AccountProblem" or "AllAccessDisabled" or "InvalidPayer" or "NotSignedUp" or "QuotaExceeded":
                return ($"the account is closed, unpaid or full ({e.ErrorCode})", false);
            case "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" or "Redirect":
                return (WrongRegion(call), false);
            case "SlowDown" or "RequestTimeout" or "OperationAborted" or "ConditionalRequestConflict" or "InternalError" or "ServiceUnavailable" or "TooManyRequests":
                return ($"the store asks to come back later (HTTP {status} {e.ErrorCode})", true);
        }

        return e.StatusCode switch
        {
            HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect or HttpStatusCode.Found => (WrongRegion(call), false),
            HttpStatusCode.BadRequest when call?.BucketRegion is { } region && region != location.Region => (WrongRegion(call), false),
            HttpStatusCode.Forbidden => (
                $"the keys are not allowed to do this (HTTP 403 {Clean(e.ErrorCode)}); the replica needs s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and, on the bucket, s3:ListBucket", false),
            HttpStatusCode.Unauthorized => ("the store does not accept the keys (HTTP 401)", false),
            HttpStatusCode.NotFound => ($"there is no such thing (HTTP 404 {Clean(e.ErrorCode)}); check bucket, region and endpoint", false),
            _ => ($"the store answered HTTP {status} {Clean(e.ErrorCode)}: {Clean(e.Message)}", status == 200 || IsTransient(e.StatusCode)),
        };
    }

    private string WrongRegion(WireCall? call) => call?.BucketRegion is { } found
        ? $"the bucket lies in region {Clean(found)}, not {location.Region}; set Region to {Clean(found)}"
        : $"the bucket is not in region {location.Region}, or not at this address; set Region to where it was created";

    private static string Skew(WireCall? call) => call?.Date is { } date ? $": there it is {date:yyyy-MM-dd HH:mm:ss} UTC" : "";

    private (string Message, bool IsTransient) FromConnection(HttpRequestException e)
    {
        if (Find<AuthenticationException>(e) is { } tls)
        {
            // A connection that was cut during the handshake is no verdict on the certificate.
            return Find<IOException>(tls) is not null && Find<SocketException>(tls) is not null
                ? ("the connection was lost while TLS was set up", true)
                : ($"TLS could not be set up: {Clean(tls.Message)}; if the server speaks plain http, write http:// in the endpoint; if its certificate is your own, have this machine trust it", false);
        }

        return e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => ("its host name cannot be resolved; check endpoint, region and bucket for typing errors, and this machine's network", true),
            HttpRequestError.SecureConnectionError => ($"TLS could not be set up: {Clean(e.Message)}", true),
            HttpRequestError.ConnectionError => ($"it cannot be reached: {Clean((e.InnerException ?? e).Message)}", true),
            _ => ($"the connection was lost: {Clean((e.InnerException ?? e).Message)}", true),
        };
    }

    private static bool IsTransient(HttpStatusCode? status) =>
        status is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict or (HttpStatusCode)425
        || ((int)status >= 500 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported or HttpStatusCode.InsufficientStorage));

    private static T? Find<T>(Exception exception)
        where T : Exception
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is T found)
            {
                return found;
            }
        }

        return null;
    }

    // What a store writes is a stranger's text: short, on one line, and without what was sent to it in confidence.
    private string Clean(string? text)
    {
        var clean = new StringBuilder();
        foreach (var c in text ?? "")
        {
            clean.Append(char.IsControl(c) ? ' ' : c);
        }

        foreach (var secret in secrets)
        {
            clean.Replace(secret, "…");
        }

        return clean.Length > LongestAnswer ? clean.ToString(0, LongestAnswer) + "…" : clean.ToString();
    }

    /// <summary>The cause to hand on: none where it repeats a secret, as a store can make it do.</summary>
    public Exception? Safe(Exception? exception)
    {
        var text = exception?.ToString() ?? "";
        return secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal)) ? null : exception;
    }
}
