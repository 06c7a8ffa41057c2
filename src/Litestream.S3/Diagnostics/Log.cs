using Microsoft.Extensions.Logging;

namespace Litestream.S3.Diagnostics;

/// <summary>The log events of this package: 4500 to 4599, within storage. Names and numbers never change once shipped.</summary>
internal static partial class Log
{
    [LoggerMessage(4500, LogLevel.Debug, "S3 {Operation} of {Key} in {Bucket}: {Elapsed}", EventName = nameof(RequestDone))]
    public static partial void RequestDone(ILogger logger, string operation, string? key, string bucket, TimeSpan elapsed);

    [LoggerMessage(4501, LogLevel.Debug, "S3 {Operation} of {Key} in {Bucket} failed after {Elapsed}: {Message}", EventName = nameof(RequestFailed))]
    public static partial void RequestFailed(ILogger logger, string operation, string? key, string bucket, TimeSpan elapsed, string message);

    [LoggerMessage(4502, LogLevel.Information, "The {Bucket} creates objects only where there are none (If-None-Match): two writers on one replica cannot overwrite each other", EventName = nameof(CreatesConditionally))]
    public static partial void CreatesConditionally(ILogger logger, string bucket);

    [LoggerMessage(4503, LogLevel.Warning, "The {Bucket} ignores or refuses If-None-Match: an object is looked for before it is created, and two applications that write to one replica at the same moment are not kept apart. See to it that only one does", EventName = nameof(ChecksBeforeCreating))]
    public static partial void ChecksBeforeCreating(ILogger logger, string bucket);

    [LoggerMessage(4504, LogLevel.Information, "The {Bucket} refuses batches of deletes: objects are deleted one by one", EventName = nameof(DeletesOneByOne))]
    public static partial void DeletesOneByOne(ILogger logger, string bucket);

    [LoggerMessage(4505, LogLevel.Information, "An unfinished upload of {Key} in {Bucket}, begun at {Initiated}, was removed", EventName = nameof(StaleUploadAborted))]
    public static partial void StaleUploadAborted(ILogger logger, string key, string bucket, DateTimeOffset initiated);

    [LoggerMessage(4506, LogLevel.Warning, "Unfinished uploads in {Bucket} could not be removed, and the store goes on billing their parts; a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) can. {Message}", EventName = nameof(StaleUploadsRemain))]
    public static partial void StaleUploadsRemain(ILogger logger, string bucket, string message);

    [LoggerMessage(4507, LogLevel.Information, "The {Bucket} lies in region {Region}", EventName = nameof(RegionFound))]
    public static partial void RegionFound(ILogger logger, string bucket, string region);

    [LoggerMessage(4508, LogLevel.Information, "The application's own IAmazonS3 serves replica {Location}", EventName = nameof(RegisteredClientUsed))]
    public static partial void RegisteredClientUsed(ILogger logger, Uri location);

    [LoggerMessage(4510, LogLevel.Information, "Replica store {Location} can do all that is needed", EventName = nameof(ProbeSucceeded))]
    public static partial void ProbeSucceeded(ILogger logger, Uri location);

    [LoggerMessage(4511, LogLevel.Warning, "Replica store {Location}: {Finding}", EventName = nameof(ProbeFound))]
    public static partial void ProbeFound(ILogger logger, Uri location, string finding);

    [LoggerMessage(4512, LogLevel.Error, "Replica store {Location} cannot be used: {Finding}", EventName = nameof(ProbeFailed))]
    public static partial void ProbeFailed(ILogger logger, Uri location, string finding);
}
