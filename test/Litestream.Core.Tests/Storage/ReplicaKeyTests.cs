using Litestream.Storage;

namespace Litestream.Core.Tests.Storage;

public sealed class ReplicaKeyTests
{
    [Theory]
    [InlineData("generations/0123456789abcdef/snapshots/00000000.snapshot.lz4", true)]
    [InlineData("generations/0123456789abcdef/wal/00000000_00001038.wal.lz4", true)]
    [InlineData("console/com10/null", true)]
    [InlineData("a/CON", false)]
    [InlineData("a/nul.wal", false)]
    [InlineData("a/Com1 .wal/b", false)]
    [InlineData("a/name.", false)]
    [InlineData("a/name /b", false)]
    [InlineData("a/b:stream", false)]
    [InlineData("a\\b", false)]
    [InlineData("a/b\u0007", false)]
    public void Names_that_Windows_takes_for_something_else_are_known(string key, bool isName) =>
        ReplicaKey.IsWindowsName(key).Should().Be(isName);
}
