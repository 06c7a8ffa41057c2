namespace Litestream;

/// <summary>What <see cref="IReplicaClient.WriteAsync"/> does when the key exists already.</summary>
public enum WriteMode
{
    /// <summary>The object is replaced, as a whole.</summary>
    Replace,

    /// <summary>The call fails with <see cref="ReplicaObjectExistsException"/>; the existing object is untouched.</summary>
    CreateNew,
}
