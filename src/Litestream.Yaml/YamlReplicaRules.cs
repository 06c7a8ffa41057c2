namespace Litestream.Yaml;

/// <summary>What contradicts itself in a replica of the file. What cannot be done is checked when it is used.</summary>
internal static class YamlReplicaRules
{
    private static readonly string[] NotSupportedYet = ["abs", "gcs", "gs", "sftp"];

    public static void Check(YamlReplica replica, YamlReport report)
    {
        if (replica.Path is { } path && path.Contains("://", StringComparison.Ordinal))
        {
            report.Fail(replica.Line, "replica path cannot be a url, please use the 'url' field instead");
        }
        else if (replica is { Path: not null, Url: not null })
        {
            report.Fail(replica.Line, $"cannot specify url & path for {replica.Type} replica: leave one of them out");
        }
        else if (replica is { Url: not null, Bucket: not null })
        {
            report.Fail(replica.Line, "cannot specify url & bucket for s3 replica: leave one of them out");
        }
        else if (replica is { Type: YamlReplica.File, Path: null, Url: null })
        {
            report.Fail(replica.Line, "a file replica needs a path or a url");
        }
        else if (replica is { Type: YamlReplica.S3, Bucket: null, Url: null })
        {
            report.Fail(replica.Line, "bucket required for s3 replica: give bucket and path, or a url such as s3://bucket/path");
        }
        else if (replica.Type is not (YamlReplica.File or YamlReplica.S3) && !NotSupportedYet.Contains(replica.Type))
        {
            report.Fail(replica.Line, $"unknown replica type in config: \"{replica.Type}\"; there are: file, s3");
        }
    }

    /// <summary>Why the replica cannot be used; null if it can. Never is anything stored in another way than was asked for.</summary>
    public static string? Problem(YamlReplica replica) => replica switch
    {
        { IsEncrypted: true } => "age encryption is not supported: what is written would not be encrypted, and what litestream encrypted cannot be read",
        { SkipVerify: true } => "skip-verify is not supported: add the server's certificate to those that the system trusts",
        { Type: YamlReplica.File or YamlReplica.S3 } => null,
        _ => $"stores of the kind '{replica.Type}' are not supported yet; there are: file, s3",
    };
}
