using System.Reflection;

namespace Litestream.StatusPage;

/// <summary>A database that was removed: whatever is asked of it, it is gone.</summary>
public class Gone : DispatchProxy
{
    public static ILitestreamDatabase Create() => Create<ILitestreamDatabase, Gone>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new ObjectDisposedException("tenant");
}
