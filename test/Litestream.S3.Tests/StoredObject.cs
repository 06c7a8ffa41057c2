using System.Collections.Concurrent;

namespace Litestream.S3;

internal sealed record StoredObject(byte[] Content, DateTimeOffset Modified, IReadOnlyDictionary<string, string> Metadata);

internal sealed record FakeUpload(
    string Key, DateTimeOffset Initiated, IReadOnlyDictionary<string, string> Metadata, ConcurrentDictionary<int, byte[]> Parts);

internal enum ConditionSupport
{
    Honoured,
    Ignored,
    Refused,
}
