namespace Litestream.Compare.Programs;

/// <summary>Where a replica is: a folder, or a path in a bucket.</summary>
/// <param name="Path">The folder, or the path in the bucket.</param>
/// <param name="Bucket">The bucket; null for a folder.</param>
/// <param name="Endpoint">The store's address.</param>
internal sealed record ReplicaPlace(string Path, string? Bucket = null, string? Endpoint = null)
{
    /// <summary>As this library takes it.</summary>
    public string Url => Bucket is null ? Path : $"s3://{Bucket}/{Path}?endpoint={Endpoint}&forcePathStyle=true";

    /// <summary>As litestream's configuration has it.</summary>
    public IEnumerable<string> ToYaml() => Bucket is null
        ? ["- type: file", $"  path: {Path}"]
        : ["- type: s3", $"  bucket: {Bucket}", $"  path: {Path}", $"  endpoint: {Endpoint}", "  region: us-east-1", "  force-path-style: true"];
}
