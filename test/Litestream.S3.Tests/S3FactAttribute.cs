namespace Litestream.S3;

/// <summary>A test that needs a real S3 server. Without one it is skipped, and the reason printed; under CI it fails instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class S3FactAttribute : FactAttribute
{
    public S3FactAttribute() => Skip = RealServer.WhatIsMissing;
}
