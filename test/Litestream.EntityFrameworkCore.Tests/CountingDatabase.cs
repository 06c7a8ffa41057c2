using System.Reflection;

namespace Litestream.EntityFrameworkCore;

/// <summary>A replication of one database that only counts how often it is told of a commit.</summary>
public class CountingDatabase : DispatchProxy
{
    private string _path = "";

    public int Notified { get; private set; }

    public ILitestreamDatabase Database => (ILitestreamDatabase)(object)this;

    public static CountingDatabase Create(string path)
    {
        var counting = (CountingDatabase)(object)Create<ILitestreamDatabase, CountingDatabase>();
        counting._path = path;
        return counting;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        switch (targetMethod!.Name)
        {
            case "get_Path":
                return _path;
            case "get_Name":
                return "counting";
            case nameof(ILitestreamDatabase.GetStatus):
                return new DatabaseStatus { Name = "counting", State = ReplicationState.Replicating };
            case nameof(ILitestreamDatabase.NotifyChanged):
                Notified++;
                return null;
            default:
                throw new InvalidOperationException($"{targetMethod.Name} is not asked for.");
        }
    }
}
