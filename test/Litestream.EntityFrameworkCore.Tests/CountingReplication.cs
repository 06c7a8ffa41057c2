using System.Reflection;

namespace Litestream.EntityFrameworkCore;

/// <summary>The replication of an application with one database.</summary>
public class CountingReplication : DispatchProxy
{
    private ILitestreamDatabase[] _databases = [];

    public static ILitestream Of(CountingDatabase database)
    {
        var litestream = Create<ILitestream, CountingReplication>();
        ((CountingReplication)(object)litestream)._databases = [database.Database];
        return litestream;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name switch
        {
            "get_Databases" => _databases,
            "FindDatabase" => _databases.FirstOrDefault(database => database.Path == (string)args![0]!),
            _ => throw new InvalidOperationException($"{targetMethod.Name} is not asked for."),
        };
}
